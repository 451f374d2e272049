# SPDX-License-Identifier: GPL-3.0-or-later
# httpd is scenario latency's.
ARTIFACTS_scenario_density += $(addprefix $(SHARE)/payloads/,httpd httpd.cpio)
