// CASL: one rule for each type that a role knows, the scopes as a condition;
// the abilities of all administrators are made before, and kept.
import { createMongoAbility, subject } from "@casl/ability";
import { admins, grants, objects, OPERATIONS, TYPES } from "./world.mjs";
import { measure } from "./measure.mjs";

function rulesOf({ role, scopes }) {
  const rules = [];
  for (let t = 0; t < TYPES; t++) {
    const action = [];
    for (let o = 0; o < OPERATIONS; o++)
      if (grants(role, t, o)) action.push(`op${o}`);
    if (action.length > 0)
      rules.push({ action, subject: `t${t}`,
        conditions: { scopes: { $in: scopes } } });
  }
  return rules;
}

const abilities = admins.map((a) =>
  createMongoAbility(a.assignments.flatMap(rulesOf)));
const things = objects.map((o) =>
  subject(`t${o.type}`, { id: o.id, scopes: o.scopes }));

measure((q) => abilities[q.admin].can(`op${q.operation}`, things[q.object]));
