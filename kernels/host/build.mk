# SPDX-License-Identifier: GPL-3.0-or-later
$(SHARE)/kernels/host/target.json: kernels/host/target.json
	@mkdir -p $(@D)
	cp $< $@

ARTIFACTS_host += $(SHARE)/kernels/host/target.json
