/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TLS handshakes with a server, one after the other. */
#ifndef TARE_TLS_H
#define TARE_TLS_H

#include "bench/measure/load.h"

/* As load_run() does requests: a connection and a full handshake of TLS 1.2 or later for each, of
 * which the latency is that of the handshake alone. Whose certificate it is does not matter. */
void tls_run(const struct load *load, int stop, struct load_report *report);

#endif
