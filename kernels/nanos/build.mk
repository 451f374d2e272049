# SPDX-License-Identifier: GPL-3.0-or-later
$(SHARE)/kernels/nanos/target.json: kernels/nanos/target.json
	@mkdir -p $(@D)
	cp $< $@

ARTIFACTS_nanos += $(SHARE)/kernels/nanos/target.json
