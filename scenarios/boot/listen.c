/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The payload `listen`: the smallest server. It accepts connections and closes them until somebody
 * ends it. */
#include <arpa/inet.h>
#include <sys/socket.h>

#include "../payload.h"
#include "listen.h"

int main(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(LISTEN_PORT)};
    int listener;

    payload_mark(MARKER_MAIN, 0);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener >= 0 && bind(listener, (struct sockaddr *)&any, sizeof any) == 0 &&
        listen(listener, 16) == 0) {
        payload_mark(MARKER_READY, 0);
        for (;;)
            close(accept(listener, NULL, NULL));
    }
    payload_mark(MARKER_EXIT, 1);
    return 1;
}
