// Cedar, compiled to wasm: one policy for each role, whose operations are a
// group of actions; an administrator has a set of scopes for each role.
// Policies are parsed before; a question carries its three entities.
import { createRequire } from "node:module";
import { admins, grants, objects, OPERATIONS, roles, TYPES } from "./world.mjs";
import { measure } from "./measure.mjs";

const cedar = createRequire(import.meta.url)("@cedar-policy/cedar-wasm/nodejs");

const policies = roles.map((_, r) =>
  `permit(principal, action in Action::"role${r}", resource)
   when { principal has r${r} && resource in principal.r${r} };`);
const parsed = cedar.preparsePolicySet("world",
  { staticPolicies: policies.join("\n") });
if (parsed.type !== "success") throw new Error(JSON.stringify(parsed));

const scope = (s) => ({ type: "Scope", id: `s${s}` });
const actions = [];
for (let t = 0; t < TYPES; t++)
  for (let o = 0; o < OPERATIONS; o++)
    actions.push({
      uid: { type: "Action", id: `t${t}.op${o}` },
      attrs: {},
      parents: [...roles.keys()].filter((r) => grants(r, t, o))
        .map((r) => ({ type: "Action", id: `role${r}` })),
    });
const users = admins.map((a) => ({
  uid: { type: "User", id: a.id },
  attrs: Object.fromEntries(a.assignments.map(({ role, scopes }) =>
    [`r${role}`, scopes.map((s) => ({ __entity: scope(s) }))])),
  parents: [],
}));
const things = objects.map((o) => ({
  uid: { type: "Thing", id: o.id },
  attrs: {},
  parents: o.scopes.map(scope),
}));

measure((q) => {
  const user = users[q.admin], thing = things[q.object];
  const action = actions[objects[q.object].type * OPERATIONS + q.operation];
  const answer = cedar.statefulIsAuthorized({
    principal: user.uid,
    action: action.uid,
    resource: thing.uid,
    context: {},
    entities: [action, user, thing],
    preparsedPolicySetId: "world",
    validateRequest: false,
  });
  if (answer.type !== "success") throw new Error(JSON.stringify(answer));
  return answer.response.decision === "allow";
});
