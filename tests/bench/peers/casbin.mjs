// node-casbin: a p rule for each operation that a role grants, a g rule for
// each scope of an assignment; the matcher's cheap test comes first.
import { newEnforcer, newModelFromString, StringAdapter } from "casbin";
import { admins, grants, objects, OPERATIONS, roles, TYPES } from "./world.mjs";
import { measure } from "./measure.mjs";

const model = newModelFromString(`
[request_definition]
r = sub, first, second, act
[policy_definition]
p = sub, act
[role_definition]
g = _, _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.act == p.act && (g(r.sub, p.sub, r.first) || g(r.sub, p.sub, r.second))`);

const rules = [];
for (const r of roles.keys())
  for (let t = 0; t < TYPES; t++)
    for (let o = 0; o < OPERATIONS; o++)
      if (grants(r, t, o)) rules.push(`p, role${r}, t${t}.op${o}`);
for (const a of admins)
  for (const { role, scopes } of a.assignments)
    for (const s of scopes) rules.push(`g, ${a.id}, role${role}, s${s}`);
const enforcer = await newEnforcer(model, new StringAdapter(rules.join("\n")));

measure((q) => {
  const { type, scopes } = objects[q.object];
  return enforcer.enforceSync(admins[q.admin].id, `s${scopes[0]}`,
    `s${scopes[1]}`, `t${type}.op${q.operation}`);
});
