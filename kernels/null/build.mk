# SPDX-License-Identifier: GPL-3.0-or-later
$(SHARE)/kernels/null/target.json: kernels/null/target.json
	@mkdir -p $(@D)
	cp $< $@

ARTIFACTS_null += $(SHARE)/kernels/null/target.json
