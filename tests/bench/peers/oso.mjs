// Oso: one Polar rule over the assignments; what a role grants, and whether
// scopes meet, are calls of the host, which is the fastest way to say it.
import { createRequire } from "node:module";
import * as world from "./world.mjs";
import { measureAsync } from "./measure.mjs";

const { Oso } = createRequire(import.meta.url)("oso");

class Admin {
  constructor({ assignments }) {
    this.assignments = assignments.map(({ role, scopes }) =>
      ({ role, scopes: new Set(scopes) }));
  }
}

class Thing {
  constructor({ type, scopes }) {
    this.type = type;
    this.scopes = scopes;
  }
}

class World {
  static grants(role, type, operation) {
    return world.grants(role, type, operation);
  }

  static meet(assignment, thing) {
    return thing.scopes.some((s) => assignment.scopes.has(s));
  }
}

const users = world.admins.map((a) => new Admin(a));
const things = world.objects.map((o) => new Thing(o));
const oso = new Oso();
for (const known of [Admin, Thing, World]) oso.registerClass(known);
await oso.loadStr(`
allow(user: Admin, operation, thing: Thing) if
  assignment in user.assignments and
  World.grants(assignment.role, thing.type, operation) and
  World.meet(assignment, thing);`);

await measureAsync((q) =>
  oso.isAllowed(users[q.admin], q.operation, things[q.object]));
