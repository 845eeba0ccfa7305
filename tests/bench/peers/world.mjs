// The one world that the engine and every library are asked about: 1,000
// administrators with three roles in five scopes each, 20 roles over 50 types
// of 16 operations, 100 scopes, 10,000 objects in two scopes.  The same in
// every run, with an oracle that says what is right.
//
// As a program it writes the world for bench_world.
import { pathToFileURL } from "node:url";

export const TYPES = 50;
export const OPERATIONS = 16;
const ADMINS = 1000;
const ROLES = 20;
const ROLES_EACH = 3;
const SCOPES = 100;
const SCOPES_EACH = 5;
const OBJECTS = 10000;
const QUESTIONS = 20000;

let state = 20261122;

// xorshift32: a number below n
function below(n) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % n;
}

function distinct(count, n) {
  const drawn = new Set();
  while (drawn.size < count) drawn.add(below(n));
  return [...drawn];
}

function times(n, make) {
  return Array.from({ length: n }, (_, i) => make(i));
}

// roles[r][type * OPERATIONS + operation]: one of four is granted
export const roles = times(ROLES, () =>
  times(TYPES * OPERATIONS, () => below(4) === 0));

export const objects = times(OBJECTS, (i) => ({
  id: `object${i}`,
  type: below(TYPES),
  scopes: distinct(2, SCOPES),
}));

export const admins = times(ADMINS, (i) => ({
  id: `admin${i}`,
  assignments: distinct(ROLES_EACH, ROLES).map((role) => ({
    role,
    scopes: distinct(SCOPES_EACH, SCOPES),
  })),
}));

export function grants(role, type, operation) {
  return roles[role][type * OPERATIONS + operation];
}

function oracle({ admin, object, operation }) {
  const { type, scopes } = objects[object];
  return admins[admin].assignments.some((a) =>
    grants(a.role, type, operation) &&
    scopes.some((s) => a.scopes.includes(s)));
}

// Chance alone would say no to nearly everything: every second question is
// drawn until the answer is yes.
export const questions = times(QUESTIONS, (i) => {
  for (;;) {
    const q = { admin: below(ADMINS), object: below(OBJECTS),
      operation: below(OPERATIONS) };
    q.want = oracle(q);
    if (i % 2 === 1 || q.want) return q;
  }
});

function* lines() {
  yield ["catalogue", TYPES, OPERATIONS];
  for (const r of roles.keys()) yield ["role", `r${r}`];
  for (const r of roles.keys())
    for (let t = 0; t < TYPES; t++) {
      // bit 16 is Read, which our rule wants held besides
      yield ["grant", `r${r}`, t, 16];
      for (let o = 0; o < OPERATIONS; o++)
        if (grants(r, t, o)) yield ["grant", `r${r}`, t, o];
    }
  for (let s = 0; s < SCOPES; s++) yield ["scope", `s${s}`];
  for (const a of admins) yield ["admin", a.id];
  const id = (a, k) => a * ROLES_EACH + k + 1;
  for (const [i, a] of admins.entries())
    for (const [k, { role }] of a.assignments.entries())
      yield ["assignment", id(i, k), i + 1, `r${role}`];
  for (const [i, a] of admins.entries())
    for (const [k, { scopes }] of a.assignments.entries())
      for (const s of scopes) yield ["in", id(i, k), `s${s}`];
  for (const o of objects) yield ["object", o.type, o.id];
  for (const o of objects)
    for (const s of o.scopes) yield ["object_in", o.type, o.id, `s${s}`];
  for (const q of questions) {
    const o = objects[q.object];
    yield ["ask", admins[q.admin].id, `t${o.type}`, `op${q.operation}`, o.id,
      q.want];
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const text = [];
  for (const line of lines()) text.push(line.join("\t"));
  process.stdout.write(text.join("\n") + "\n");
}
