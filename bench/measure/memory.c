/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/measure/memory.h"
#include "bench/measure/proc.h"

#define MM "/sys/kernel/mm"

#define RAM_FILE "/memfd:memory-backend-memfd" /* QEMU's name for it */

struct mapping {
    bool ram, tcg;
};

/* The first line of a mapping: "7f00-7f01 rwxp 00000000 00:01 1234   /path". */
static bool begins_mapping(const char *line, struct mapping *mapping)
{
    unsigned long from, to, inode;
    char mode[5];
    int path = 0;

    if (sscanf(line, "%lx-%lx %4s %*x %*x:%*x %lu %n", &from, &to, mode, &inode, &path) != 4)
        return false;
    mapping->ram = path && strncmp(line + path, RAM_FILE, strlen(RAM_FILE)) == 0;
    mapping->tcg = inode == 0 && strcmp(mode, "rwxp") == 0;
    return true;
}

/* One quantity of a mapping: "Pss:                  12 kB". */
static void add(const struct mapping *mapping, const char *name, uint64_t kib,
                struct memory_use *use)
{
    bool resident = strcmp(name, "Rss") == 0, share = strcmp(name, "Pss") == 0;
    bool own = strcmp(name, "Private_Clean") == 0 || strcmp(name, "Private_Dirty") == 0;

    if (resident && mapping->ram)
        use->ram += kib;
    if (share && mapping->tcg)
        use->tcg += kib;
    if (mapping->tcg)
        return;
    if (share)
        use->pss += kib;
    if (own)
        use->uss += kib;
}

int memory_parse(FILE *smaps, bool vm, struct memory_use *use)
{
    struct mapping mapping;
    bool within = false;
    char *line = NULL, name[32];
    size_t room = 0;
    unsigned long kib;

    while (getline(&line, &room, smaps) > 0) {
        if (begins_mapping(line, &mapping))
            within = true;
        else if (within && sscanf(line, "%31[A-Za-z_]: %lu kB", name, &kib) == 2)
            add(&mapping, name, kib, use);
        else
            continue;
        mapping.tcg = mapping.tcg && vm;
    }
    free(line);
    return within ? 0 : -EINVAL;
}

static int add_one(pid_t pid, bool vm, struct memory_use *use, struct error *error)
{
    char path[64];
    FILE *file;
    int status;

    snprintf(path, sizeof path, "/proc/%d/smaps", pid);
    file = fopen(path, "re");
    if (!file)
        return fail(error, errno == ENOENT ? ESRCH : errno, "%s: %s", path, strerror(errno));
    status = memory_parse(file, vm, use);
    fclose(file);
    return status < 0 ? fail(error, ESRCH, "%s: the process is gone: no memory to weigh", path) : 0;
}

/* All that a supervisor has started. */
struct weighing {
    struct memory_use *use;
    unsigned count;
    struct error *error;
};

static int add_child(pid_t pid, void *data)
{
    struct weighing *weighing = data;
    int status = add_one(pid, false, weighing->use, weighing->error);

    if (status < 0)
        return status;
    weighing->count++;
    return for_each_child(pid, add_child, weighing);
}

int memory_of(pid_t pid, struct memory_use *use, struct error *error)
{
    struct weighing weighing = {use, 0, error};
    int status;

    *use = (struct memory_use){0};
    status = for_each_child(pid, add_child, &weighing);
    return status == 0 && weighing.count == 0 ? add_one(pid, true, use, error) : status;
}

uint64_t memory_available(void)
{
    FILE *file = fopen("/proc/meminfo", "re");
    unsigned long kib = 0;
    char line[128];

    while (file && fgets(line, sizeof line, file) && sscanf(line, "MemAvailable: %lu", &kib) != 1)
        ;
    if (file)
        fclose(file);
    return kib;
}

/* What stands in a file of sysfs; of a choice, "always [madvise] never", what is chosen. */
static void add_setting(cJSON *settings, const char *name, const char *path)
{
    FILE *file = fopen(path, "re");
    char line[128] = "", *begin, *end;

    if (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        begin = strchr(line, '[');
        end = begin ? strchr(begin, ']') : NULL;
        if (end)
            *end = '\0';
        cJSON_AddStringToObject(settings, name, end ? begin + 1 : line);
    }
    if (file)
        fclose(file);
}

cJSON *memory_backing(const struct memory_use *use)
{
    cJSON *backing = cJSON_CreateObject();

    cJSON_AddStringToObject(backing, "ram", use->ram ? "memfd" : "anonymous");
    add_setting(backing, "thp", MM "/transparent_hugepage/enabled");
    add_setting(backing, "thp_shmem", MM "/transparent_hugepage/shmem_enabled");
    add_setting(backing, "ksm", MM "/ksm/run");
    return backing;
}

int memory_file(pid_t pid)
{
    char path[320], target[256];
    struct dirent *entry;
    int fd = -1;
    DIR *files;

    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    files = opendir(path);
    while (files && fd < 0 && (entry = readdir(files))) {
        ssize_t length;

        snprintf(path, sizeof path, "/proc/%d/fd/%s", pid, entry->d_name);
        length = readlink(path, target, sizeof target - 1);
        target[length > 0 ? length : 0] = '\0';
        if (strncmp(target, RAM_FILE, strlen(RAM_FILE)) == 0)
            fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (files)
        closedir(files);
    return fd;
}
