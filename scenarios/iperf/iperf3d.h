/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the payload `iperf3d` and the scenario that measures with it share. */
#ifndef TARE_IPERF3D_H
#define TARE_IPERF3D_H

#define IPERF3D_PORT 5201 /* TCP, for control and data, and UDP */

#endif
