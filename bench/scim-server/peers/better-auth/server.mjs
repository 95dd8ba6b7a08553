// The npm package @better-auth/scim with made-up users in its memory: PORT USERS MEMBERS.
// User number n has the id `u{n}` and the name `user{n}@example.com`; the group `g` holds the first
// MEMBERS of them. Accepts the token `peer-token` and prints `ready` once it listens.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { getAuthTables } from "better-auth/db";
import { toNodeHandler } from "better-auth/node";
import { scim } from "@better-auth/scim";

const [port, users, members] = process.argv.slice(2).map(Number);
const credentials = [{ type: "bearer", id: "one", token: "peer-token" }];
const base = `http://127.0.0.1:${port}`;
const options = {
  secret: createHash("sha256").update(String(Math.random())).digest("hex"),
  baseURL: base,
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  plugins: [scim({ connections: [{ id: "bench", credentials }] })],
};
const memory = {};
for (const table of Object.values(getAuthTables(options))) memory[table.modelName] = [];
const auth = betterAuth({ ...options, database: memoryAdapter(memory) });

/** The package's own keys of a record, which are digests of what they are about. */
const key = (...parts) => createHash("sha256").update(JSON.stringify(parts)).digest("base64url");

/** Makes one resource through the package itself, so that the others can be made like it. */
async function first(path, body) {
  const schemas = [`urn:ietf:params:scim:schemas:core:2.0:${path.slice(0, -1)}`];
  const headers = { authorization: "Bearer peer-token", "content-type": "application/scim+json" };
  const request = { method: "POST", headers, body: JSON.stringify({ schemas, ...body }) };
  const made = await auth.handler(new Request(`${base}/api/auth/scim/v2/${path}`, request));
  if (made.status !== 201) throw new Error(await made.text());
  return (await made.json()).id;
}

const mold = "mold@example.com";
await first("Users", { userName: mold, displayName: "User", active: true, emails: [{ value: mold, type: "work", primary: true }] });
const [user, scimUser, subject] = [memory.user[0], memory.scimUser[0], memory.scimSubject[0]];
await first("Groups", { displayName: "All", members: [{ value: scimUser.id }] });
const member = memory.scimGroupMember[0];
for (let n = 0; n < users; n++) {
  const [id, of, name] = [`u${n}`, `b${n}`, `user${n}@example.com`];
  const text = (value) => value.replaceAll(mold, name);
  memory.user.push({ ...user, id: of, email: name });
  memory.scimSubject.push({ ...subject, id: `s${n}`, userId: of, profileSourceId: id });
  memory.scimUser.push({
    ...scimUser,
    id,
    userId: of,
    userName: name,
    primaryEmail: name,
    userNameKey: key("scim-user-name", "bench", name),
    connectionUserKey: key("scim-user", "bench", of),
    serializedEmails: text(scimUser.serializedEmails),
    serializedAttributes: text(scimUser.serializedAttributes),
    orderKey: `${Date.now().toString().padStart(15, "0")}:${String(n).padStart(16, "0")}`,
  });
  if (n < members) memory.scimGroupMember.push({ ...member, id: `m${n}`, scimUserId: id, groupId: "g", membershipKey: key("scim-group-member", "bench", "g", id) });
}
memory.scimGroup[0].id = "g";
Object.assign(member, { groupId: "g", membershipKey: key("scim-group-member", "bench", "g", scimUser.id) });
createServer(toNodeHandler(auth)).listen(port, "127.0.0.1", () => console.log("ready"));
