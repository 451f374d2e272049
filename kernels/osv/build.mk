# SPDX-License-Identifier: GPL-3.0-or-later
$(SHARE)/kernels/osv/target.json: kernels/osv/target.json
	@mkdir -p $(@D)
	cp $< $@

ARTIFACTS_osv += $(SHARE)/kernels/osv/target.json
