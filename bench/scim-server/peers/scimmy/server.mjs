// The npm package scimmy-routers on Express 4 with made-up users in its memory: PORT USERS MEMBERS.
// User number n has the id `u{n}` and the name `user{n}@example.com`; the group `g` holds the first
// MEMBERS of them. Accepts the token `peer-token` and prints `ready` once it listens.
//
// SCIMMY asks its storage for one record or for all of them and filters and pages by itself.
import { randomUUID } from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const [port, users, members] = process.argv.slice(2).map(Number);
const now = new Date().toISOString();
const meta = { created: now, lastModified: now };

function declare(type, records) {
  const missing = () => new SCIMMY.Types.Error(404, null, "No such record.");
  const names = new Map([...records.values()].filter((one) => one.userName).map((one) => [one.userName, one.id]));
  SCIMMY.Resources.declare(type)
    .ingress((resource, record) => {
      const id = resource.id ?? randomUUID();
      if (resource.id && !records.has(id)) throw missing();
      const owner = record.userName && names.get(record.userName.toLowerCase());
      if (owner && owner !== id) throw new SCIMMY.Types.Error(409, "uniqueness", "The userName is taken.");
      const kept = { ...JSON.parse(JSON.stringify(record)), id, meta };
      records.set(id, kept);
      if (record.userName) names.set(record.userName.toLowerCase(), id);
      return kept;
    })
    .egress((resource) => {
      if (!resource.id) return [...records.values()];
      const found = records.get(resource.id);
      if (!found) throw missing();
      return found;
    })
    .degress((resource) => {
      if (!records.delete(resource.id)) throw missing();
    });
}

const people = Array.from({ length: users }, (_, n) => {
  const name = `user${n}@example.com`;
  return { id: `u${n}`, userName: name, displayName: `User ${n}`, active: true, emails: [{ value: name, type: "work", primary: true }], meta };
});
const all = { id: "g", displayName: "All", members: people.slice(0, members).map(({ id }) => ({ value: id })), meta };
declare(SCIMMY.Resources.User, new Map(people.map((one) => [one.id, one])));
declare(SCIMMY.Resources.Group, new Map([[all.id, all]]));

const app = express();
app.use(
  new SCIMMYRouters({
    type: "bearer",
    handler: (request) => {
      if (request.header("Authorization") !== "Bearer peer-token") throw new Error("The token is not valid.");
    },
  }),
);
app.listen(port, "127.0.0.1", () => console.log("ready"));
