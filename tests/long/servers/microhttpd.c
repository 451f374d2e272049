/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An HTTP server on Debian's libmicrohttpd: a page on port 8080. ../servers.sh links it. */
#include <microhttpd.h>
#include <stdio.h>
#include <unistd.h>

/* What libmicrohttpd needs of GnuTLS, which Debian does not bring as a whole static library. */
int no_tls(void);

int no_tls(void)
{
    return 0;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *body,
                              size_t *body_size, void **begun)
{
    static char page[] = "<!doctype html><title>libmicrohttpd</title>A page.\n";
    struct MHD_Response *response;
    enum MHD_Result result;

    (void)context, (void)url, (void)method, (void)version, (void)body, (void)body_size;
    if (!*begun) { /* the headers are there, the body may follow */
        *begun = page;
        return MHD_YES;
    }
    response = MHD_create_response_from_buffer(sizeof page - 1, page, MHD_RESPMEM_PERSISTENT);
    result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

int main(void)
{
    if (!MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG, 8080, NULL, NULL,
                          answer, NULL, MHD_OPTION_END)) {
        perror("port 8080");
        return 1;
    }
    for (;;)
        pause();
}
