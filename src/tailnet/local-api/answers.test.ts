import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeNetMap, decodePeople, decodePrefs, decodeStatus, decodeWhoIs } from "./answers.ts";

const whoIs = {
  Node: { StableID: "n2CNTRL", Name: null, Addresses: ["100.64.0.2/32"], AllowedIPs: null, Tags: null, Hostinfo: null },
  UserProfile: { LoginName: "bob@example.com" },
  CapMap: null,
};

test("TN-9 what is null counts as absent, and unknown fields are passed over", () => {
  const answer = decodeWhoIs(JSON.stringify({ ...whoIs, Later: { anything: [1] } }));
  expect(answer).toEqual({
    ok: true,
    value: {
      Node: {
        StableID: "n2CNTRL",
        Name: "",
        Addresses: ["100.64.0.2/32"],
        AllowedIPs: [],
        PrimaryRoutes: [],
        Tags: [],
        Sharer: 0,
        Hostinfo: { ShareeNode: false },
        Expired: false,
        Online: null,
      },
      UserProfile: { ID: "", LoginName: "bob@example.com" },
      CapMap: {},
    },
  });
});

test("TN-9 an answer without what we need is malformed, and the reason repeats nothing of it", () => {
  const { UserProfile: _, ...nobody } = whoIs;
  expect(decodeWhoIs(JSON.stringify(nobody))).toMatchObject({ ok: false, problem: { kind: "malformed" } });
  const strange = decodeStatus(JSON.stringify({ BackendState: { secret: "hush" } }));
  expect(strange).toMatchObject({ ok: false, problem: { kind: "malformed" } });
  expect(JSON.stringify(strange)).toContain("BackendState");
  expect(JSON.stringify(strange)).not.toContain("hush");
});

test("TN-9 no text whatever makes the decoders throw", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (body) => {
      expect(decodeStatus(body).ok).toBe(false);
      expect(decodeWhoIs(body).ok).toBe(false);
      expect(decodePrefs(body).ok).toBe(false);
      expect(decodeNetMap(body).ok).toBe(false);
      expect(decodePeople(body).ok).toBe(false);
    }),
  );
});

test("TN-25 people are the owners of this tailnet's untagged nodes, machines its nodes; what is shared in either direction is of neither", () => {
  const long = "18446744073709551615";
  const answer = decodePeople(`{"BackendState":"Running","MagicDNSSuffix":"tail1234.ts.net",
    "Self":${node("n1", "11", "Alice-Laptop.tail1234.ts.net.")},
    "Peer":{
      "a":${node("n2", long, "bob-phone.tail1234.ts.net.", ',"Expired":true,"Online":false')},
      "b":${node("n3", "99", "nas.tail1234.ts.net.", ',"Tags":["tag:backup"]')},
      "c":${node("n4", "21", "their-nas.tail9.ts.net.")},
      "d":${node("n5", "22", "", ',"ShareeNode":true')},
      "e":${node("n6", "12", "")}},
    "User":{"11":{"ID":11,"LoginName":"alice@example.com"},"x":{"ID":${long},"LoginName":"bob@example.com"}}}`);
  if (!answer.ok) throw new Error("not decoded");
  const { running, self, logins, nodes } = answer.value;
  expect([running, self]).toEqual([true, { node: "n1", user: "11" }]);
  expect([...logins]).toEqual([
    ["11", "alice@example.com"],
    [long, "bob@example.com"],
    ["12", ""],
  ]);
  expect([...nodes]).toEqual([
    ["n1", "alice-laptop"],
    ["n2", "bob-phone"],
    ["n3", "nas"],
    ["n6", ""],
  ]);
});

test("TN-23 numbers above 2^53 keep their digits, in what is a user's number; elsewhere an odd one does no harm", () => {
  const long = "18446744073709551615";
  const answer = decodeWhoIs(
    `{"Node":{"StableID":"n2","User":${long}},"UserProfile":{"ID":${long},"LoginName":"bob@example.com"},"CapMap":{"a":[1e400,${long}]}}`,
  );
  expect(answer).toMatchObject({ ok: true, value: { UserProfile: { ID: long } } });
  for (const odd of ["null", "1.5", "1e30", '"x"', "[]", "{}"]) {
    const decoded = decodeWhoIs(`{"Node":{"StableID":"n2"},"UserProfile":{"ID":${odd},"LoginName":"bob@example.com"}}`);
    expect(decoded).toMatchObject({ ok: true, value: { UserProfile: { ID: "", LoginName: "bob@example.com" } } });
  }
});

function node(id: string, user: string, name: string, more = ""): string {
  return `{"ID":"${id}","UserID":${user},"DNSName":"${name}"${more}}`;
}
