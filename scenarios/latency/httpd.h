/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TARE_LATENCY_HTTPD_H
#define TARE_LATENCY_HTTPD_H

#define HTTPD_PORT 8080
#define HTTPSD_PORT 8443
#define HTTPD_ROOT_BYTES 612 /* of the reply to "/" */

#endif
