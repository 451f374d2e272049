/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pipes (pipe(7)): 64 KiB, writes of up to PIPE_BUF bytes are whole. */
#include "lib/errno.h"
#include "linux/calls.h"
#include "linux/fcntl.h"
#include "linux/file.h"
#include "linux/signal.h"
#include "memory/copy.h"
#include "memory/heap.h"

#define CAPACITY 65536u
#define PIPE_BUF 4096u
#define SPLICE_FLAGS 15u

struct pipe {
    uint64_t read, written; /* bytes ever */
    unsigned readers, writers;
    struct list reading, writing;
    struct file *reader, *writer; /* each valid while its count is not 0 */
    char *bytes;
};

static void raise_pipe(void)
{
    struct siginfo info = {.signal = SIGPIPE, .code = SI_USER, .sender.pid = 1};

    signal_send(current, &info);
}

/* Move up to `size` bytes between `buffer` and the ring; at most two parts. */
static long move(struct pipe *pipe, uint64_t *position, uint64_t buffer, uint64_t size, bool out)
{
    for (uint64_t done = 0; done < size;) {
        uint64_t within = *position % CAPACITY, part = CAPACITY - within;
        long status;

        if (part > size - done)
            part = size - done;
        status = out ? copy_to(buffer + done, pipe->bytes + within, part)
                     : copy_from(pipe->bytes + within, buffer + done, part);
        if (status < 0)
            return done ? (long)done : status;
        done += part;
        *position += part;
    }
    return (long)size;
}

static long read_pipe(struct file *file, uint64_t buffer, uint64_t size, uint64_t *offset)
{
    struct pipe *pipe = file->object;
    uint64_t held;
    long done;

    (void)offset;
    if (!size)
        return 0;
    while (!(held = pipe->written - pipe->read)) {
        if (!pipe->writers)
            return 0;
        if (file->flags & O_NONBLOCK)
            return -EAGAIN;
        done = queue_wait(&pipe->reading, FOREVER);
        if (done < 0)
            return done;
    }
    done = move(pipe, &pipe->read, buffer, size < held ? size : held, true);
    queue_wake(&pipe->writing, UINT32_MAX);
    poll_changed(pipe->writers ? pipe->writer : NULL, POLL_ANY);
    return done;
}

static long write_pipe(struct file *file, uint64_t buffer, uint64_t size, uint64_t *offset)
{
    struct pipe *pipe = file->object;
    uint64_t done = 0;

    (void)offset;
    while (done < size || !size) {
        uint64_t space = CAPACITY - (pipe->written - pipe->read), left = size - done;
        long status = -EAGAIN;

        if (!pipe->readers) {
            raise_pipe();
            return done ? (long)done : -EPIPE;
        }
        if (!size)
            return 0;
        if (space && (space >= left || size > PIPE_BUF)) {
            status = move(pipe, &pipe->written, buffer + done, left < space ? left : space, false);
            if (status < 0)
                return done ? (long)done : status;
            done += (uint64_t)status;
            queue_wake(&pipe->reading, UINT32_MAX);
            poll_changed(pipe->reader, POLL_ANY);
            continue;
        }
        if (!(file->flags & O_NONBLOCK))
            status = queue_wait(&pipe->writing, FOREVER);
        if (status < 0)
            return done ? (long)done : status;
    }
    return (long)done;
}

static unsigned poll_read(struct file *file)
{
    const struct pipe *pipe = file->object;

    return (pipe->written > pipe->read ? POLLIN | POLLRDNORM : 0u) | (pipe->writers ? 0u : POLLHUP);
}

static unsigned poll_write(struct file *file)
{
    const struct pipe *pipe = file->object;
    bool room = pipe->written - pipe->read <= CAPACITY - PIPE_BUF;

    return (room ? POLLOUT | POLLWRNORM : 0u) | (pipe->readers ? 0u : POLLERR);
}

static long pipe_ioctl(struct file *file, uint64_t request, uint64_t argument)
{
    const struct pipe *pipe = file->object;
    int held = (int)(pipe->written - pipe->read);

    return request == FIONREAD ? copy_to(argument, &held, sizeof held) : -ENOTTY;
}

static void release(struct pipe *pipe)
{
    queue_wake(&pipe->reading, UINT32_MAX);
    queue_wake(&pipe->writing, UINT32_MAX);
    poll_changed(pipe->readers ? pipe->reader : pipe->writers ? pipe->writer : NULL, POLL_ANY);
    if (pipe->readers || pipe->writers)
        return;
    heap_give(pipe->bytes, CAPACITY);
    heap_give(pipe, sizeof *pipe);
}

static void release_reader(struct file *file)
{
    ((struct pipe *)file->object)->readers--;
    release(file->object);
}

static void release_writer(struct file *file)
{
    ((struct pipe *)file->object)->writers--;
    release(file->object);
}

static const struct file_ops reader_ops = {.mode = MODE_PIPE | 0600,
                                           .read = read_pipe,
                                           .poll = poll_read,
                                           .ioctl = pipe_ioctl,
                                           .release = release_reader};
static const struct file_ops writer_ops = {.mode = MODE_PIPE | 0600,
                                           .write = write_pipe,
                                           .poll = poll_write,
                                           .ioctl = pipe_ioctl,
                                           .release = release_writer};

static struct pipe *make_pipe(void)
{
    struct pipe *pipe = heap_take(sizeof *pipe);
    char *bytes = heap_take(CAPACITY);

    if (!pipe || !bytes) {
        heap_give(pipe, sizeof *pipe);
        heap_give(bytes, CAPACITY);
        return NULL;
    }
    *pipe = (struct pipe){.readers = 1, .writers = 1, .bytes = bytes};
    list_init(&pipe->reading);
    list_init(&pipe->writing);
    return pipe;
}

long sys_pipe2(uint64_t out, int flags)
{
    struct pipe *pipe;
    struct file *reader, *writer;
    long fds[2];
    int32_t pair[2];

    if (flags & ~(O_CLOEXEC | O_NONBLOCK | 040000))
        return -EINVAL;
    pipe = make_pipe();
    if (!pipe)
        return -ENFILE;
    reader = file_make(&reader_ops, flags & O_NONBLOCK, NULL, pipe);
    writer = reader ? file_make(&writer_ops, O_WRONLY | (flags & O_NONBLOCK), NULL, pipe) : NULL;
    if (!writer) {
        pipe->writers = 0;
        if (reader) {
            file_release(reader); /* and the pipe with it */
        } else {
            pipe->readers = 0;
            release(pipe);
        }
        return -ENFILE;
    }
    pipe->reader = reader;
    pipe->writer = writer;
    fds[0] = file_install(reader, flags & O_CLOEXEC);
    if (fds[0] < 0) {
        file_release(writer);
        return fds[0];
    }
    fds[1] = file_install(writer, flags & O_CLOEXEC);
    if (fds[1] < 0) {
        sys_close((int)fds[0]);
        return fds[1];
    }
    pair[0] = (int32_t)fds[0];
    pair[1] = (int32_t)fds[1];
    if (copy_to(out, pair, sizeof pair) == 0)
        return 0;
    sys_close(pair[0]);
    sys_close(pair[1]);
    return -EFAULT;
}

long sys_pipe(uint64_t out)
{
    return sys_pipe2(out, 0);
}

/* Of no file, as Linux says of some: callers then copy by themselves. Go's io.Copy() between two
 * connections is one, and takes no other error for that. */
long sys_splice(int in, uint64_t in_at, int out, uint64_t out_at, uint64_t size, unsigned flags)
{
    const struct file *source = file_at(in), *target = file_at(out);

    (void)in_at;
    (void)out_at;
    if (!size)
        return 0;
    if (flags & ~SPLICE_FLAGS)
        return -EINVAL;
    if (!source || (source->flags & O_ACCMODE) == O_WRONLY || source->flags & O_PATH || !target ||
        !(target->flags & O_ACCMODE) || target->flags & O_PATH)
        return -EBADF;
    return -EINVAL;
}
