/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A program of the host, run in the sandbox beside a guest: the client a scenario measures by. */
#ifndef TARE_CLIENT_H
#define TARE_CLIENT_H

#include "scenarios/scenario.h"

struct client {
    char *output; /* standard output and error, NUL-terminated */
    int status;   /* as waitpid() tells */
    double cpu_s; /* user and system time, by wait4() */
};

/* Run argv[0], looked up in $PATH, to its end, with the guest being watched meanwhile. 0 whatever
 * its status was. -ETIMEDOUT when it still ran after `seconds`, -EPIPE when the guest was gone
 * first, -ECANCELED when the user interrupted: it is then killed. `client`, always filled, is
 * released with client_free(). */
int client_run(struct trial *trial, char *const *argv, double seconds, struct client *client,
               struct error *error);
void client_free(struct client *client);

#endif
