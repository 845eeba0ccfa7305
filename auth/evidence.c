/* The life of a record of evidence. */
#include "reeve/auth_evidence.h"

void
rv_evidence_fini(struct rv_evidence *evidence)
{
	rv_texts_fini(&evidence->ids);
	rv_texts_fini(&evidence->groups);
	rv_texts_fini(&evidence->indicators);
	rv_texts_fini(&evidence->sids);
	rv_texts_fini(&evidence->policies);
	rv_texts_fini(&evidence->acrs);
	rv_texts_fini(&evidence->acr);
	rv_texts_fini(&evidence->amr);
	*evidence = (struct rv_evidence){ .method = RV_AUTH_NONE };
}
