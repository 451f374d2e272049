# SPDX-License-Identifier: GPL-3.0-or-later
$(SHARE)/kernels/includeos/target.json: kernels/includeos/target.json
	@mkdir -p $(@D)
	cp $< $@

ARTIFACTS_includeos += $(SHARE)/kernels/includeos/target.json
