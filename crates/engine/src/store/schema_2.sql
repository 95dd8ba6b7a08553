-- What identity providers push, over SCIM. Moments are microseconds since 1970 here: these tables are
-- written for every push and read for every answer.

-- A credential of one identity provider for one endpoint (an instance's name, or `all`). Two may be
-- live at once, in two slots, so that one can be put in the other's place without a gap.
CREATE TABLE scim_token (
    id         TEXT PRIMARY KEY,
    endpoint   TEXT NOT NULL,
    idp        TEXT NOT NULL,
    slot       BIGINT NOT NULL,
    hash       TEXT NOT NULL,
    used_us    BIGINT,
    revoked_us BIGINT,
    body       TEXT NOT NULL
);
CREATE UNIQUE INDEX scim_token_by_slot ON scim_token (endpoint, idp, slot)
    WHERE revoked_us IS NULL;

-- A User or Group as pushed; `deleted_us` makes it a tombstone, whose id never comes back. The body
-- is the resource without what is known from elsewhere: id, meta, members, groups, delivery.
CREATE TABLE scim_resource (
    id          TEXT PRIMARY KEY,
    endpoint    TEXT NOT NULL,
    kind        TEXT NOT NULL,
    position    BIGINT NOT NULL,
    name        TEXT NOT NULL,
    name_key    TEXT NOT NULL,
    external_id TEXT,
    active      BIGINT,
    revision    BIGINT NOT NULL,
    created_us  BIGINT NOT NULL,
    modified_us BIGINT NOT NULL,
    deleted_us  BIGINT,
    body        TEXT NOT NULL,
    delivery    TEXT NOT NULL
);
CREATE UNIQUE INDEX scim_resource_by_position ON scim_resource (endpoint, kind, position)
    WHERE deleted_us IS NULL;
CREATE UNIQUE INDEX scim_user_by_name ON scim_resource (endpoint, name_key)
    WHERE kind = 'User' AND deleted_us IS NULL;
CREATE INDEX scim_group_by_name ON scim_resource (endpoint, kind, name_key)
    WHERE kind = 'Group' AND deleted_us IS NULL;
CREATE INDEX scim_resource_by_external_id ON scim_resource (endpoint, external_id)
    WHERE external_id IS NOT NULL AND deleted_us IS NULL;
CREATE INDEX scim_resource_by_change ON scim_resource (endpoint, kind, modified_us)
    WHERE deleted_us IS NULL;

-- How many live resources each block of 1,024 positions holds, and the next free position, so that
-- totals and deep pages need no walk over the resources.
CREATE TABLE scim_block (
    endpoint TEXT NOT NULL,
    kind     TEXT NOT NULL,
    block    BIGINT NOT NULL,
    live     BIGINT NOT NULL,
    next     BIGINT NOT NULL,
    PRIMARY KEY (endpoint, kind, block)
); -- in order of keys

-- Addresses of live Users, in lower case.
CREATE TABLE scim_email (
    endpoint TEXT NOT NULL,
    address  TEXT NOT NULL,
    resource TEXT NOT NULL,
    PRIMARY KEY (endpoint, address, resource)
); -- in order of keys

-- Who is in which Group, one row each: nobody is lost when two requests come at once.
CREATE TABLE scim_member (
    holder  TEXT NOT NULL,
    member  TEXT NOT NULL,
    kind    TEXT NOT NULL,
    display TEXT,
    PRIMARY KEY (holder, member)
); -- in order of keys
CREATE INDEX scim_member_by_member ON scim_member (member, holder);

-- The newest wish of an identity provider about one aspect of a resource, and how far it is. What is
-- wished is read from the resource itself when delivery comes to it.
CREATE TABLE intent (
    resource TEXT NOT NULL,
    instance TEXT NOT NULL,
    aspect   TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    revision BIGINT NOT NULL,
    at_us    BIGINT NOT NULL,
    idp      TEXT NOT NULL,
    state    TEXT NOT NULL,
    because  TEXT NOT NULL,
    state_us BIGINT NOT NULL,
    reason   TEXT NOT NULL,
    due_us   BIGINT,
    tries    BIGINT NOT NULL,
    plan     TEXT,
    account  TEXT,
    PRIMARY KEY (resource, instance, aspect)
); -- in order of keys
CREATE INDEX intent_by_due ON intent (due_us) WHERE due_us IS NOT NULL;
CREATE INDEX intent_by_plan ON intent (plan) WHERE plan IS NOT NULL;
CREATE INDEX intent_by_account ON intent (instance, account) WHERE account IS NOT NULL;
CREATE INDEX intent_by_aspect ON intent (aspect) WHERE aspect <> 'account';
