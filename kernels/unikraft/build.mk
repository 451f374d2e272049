# SPDX-License-Identifier: GPL-3.0-or-later
$(SHARE)/kernels/unikraft/target.json: kernels/unikraft/target.json
	@mkdir -p $(@D)
	cp $< $@

ARTIFACTS_unikraft += $(SHARE)/kernels/unikraft/target.json
