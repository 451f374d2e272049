/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the payload `listen` and the scenario agree on. */
#ifndef TARE_LISTEN_H
#define TARE_LISTEN_H

#define LISTEN_PORT 8080

#endif
