// A vendor made of scimmy-routers with its records in memory: node server.mjs PORT.
// It accepts the token `peer-token` and refuses a userName that is taken.
import { randomUUID } from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const TOKEN = "peer-token";

/** Keeps the records of one resource type and answers SCIMMY's three questions about them. */
class Shelf {
  records = new Map();

  constructor(unique) {
    this.unique = unique;
  }

  write(resource, record) {
    const id = resource.id ?? randomUUID();
    if (resource.id && !this.records.has(id)) throw new SCIMMY.Types.Error(404, null, "No such record.");
    const taken = [...this.records.values()].find((other) => other.id !== id && this.same(other, record));
    if (taken) throw new SCIMMY.Types.Error(409, "uniqueness", `The ${this.unique} is taken.`);
    const now = new Date().toISOString();
    const created = this.records.get(id)?.meta.created ?? now;
    const kept = { ...JSON.parse(JSON.stringify(record)), id, meta: { created, lastModified: now } };
    this.records.set(id, kept);
    return kept;
  }

  same(one, other) {
    return this.unique && String(one[this.unique]).toLowerCase() === String(other[this.unique]).toLowerCase();
  }

  read(resource) {
    if (!resource.id) return [...this.records.values()];
    const found = this.records.get(resource.id);
    if (!found) throw new SCIMMY.Types.Error(404, null, "No such record.");
    return found;
  }

  remove(resource) {
    if (!this.records.delete(resource.id)) throw new SCIMMY.Types.Error(404, null, "No such record.");
  }
}

function declare(type, shelf) {
  SCIMMY.Resources.declare(type)
    .ingress((resource, record) => shelf.write(resource, record))
    .egress((resource) => shelf.read(resource))
    .degress((resource) => shelf.remove(resource));
}

SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false);
declare(SCIMMY.Resources.User, new Shelf("userName"));
declare(SCIMMY.Resources.Group, new Shelf());

const app = express();
app.use(
  new SCIMMYRouters({
    type: "bearer",
    handler: (request) => {
      if (request.header("Authorization") !== `Bearer ${TOKEN}`) throw new Error("The token is not valid.");
    },
  }),
);
app.listen(Number(process.argv[2]), "127.0.0.1", () => console.log("ready"));
