# SPDX-License-Identifier: GPL-3.0-or-later
$(SHARE)/kernels/mirageos/target.json: kernels/mirageos/target.json
	@mkdir -p $(@D)
	cp $< $@

ARTIFACTS_mirageos += $(SHARE)/kernels/mirageos/target.json
