/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a file of PAM's, and as whatever it includes: understood or refused, then judged. */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "core/pamstack.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* pamstack_reader: the service is @context; others have its second half. */
static int find(void *context, const char *name, struct source *ret_source,
		struct carrel_error *err)
{
	const struct source *whole = context;

	(void)err;
	*ret_source = *whole;
	if (*name == 's')
		return 0;
	ret_source->text += whole->length / 2;
	ret_source->length -= whole->length / 2;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct source source = { .path = "fuzz", .text = (const char *)bytes, .length = length };
	struct pam_stack stack;

	int rc = pamstack_read("s", find, &source, &arena, &stack, NULL);
	assert(rc == 0 || rc == -ELOOP);
	if (rc)
		return 0;
	struct pam_judgement judgement = pamstack_judge(&stack);
	assert((judgement.flaw == PAM_MISSING || judgement.flaw == PAM_NO_SESSION) ==
	       !judgement.module);
	if (judgement.module)
		(void)pamstack_argument(judgement.module, "exempt");
	return 0;
}
