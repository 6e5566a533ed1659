import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { places, type Places } from "./places.ts";
import { decodeRemembered, recall, remember } from "./remembered.ts";

const last = { server: { host: "chat", port: 1234 }, id: "alice" };

function scratch(): Places {
  const folder = mkdtempSync(join(tmpdir(), "padserve-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return { settings: join(folder, "settings"), state: join(folder, "made", "state") };
}

describe("where a person's files lie", () => {
  test.each([
    ["linux", { HOME: "/home/a" }, "/home/a/.config/padserve", "/home/a/.local/state/padserve"],
    ["linux", { HOME: "/home/a", XDG_CONFIG_HOME: "/c", XDG_STATE_HOME: "/s" }, "/c/padserve", "/s/padserve"],
    ["linux", { HOME: "/home/a", XDG_STATE_HOME: "s" }, "/home/a/.config/padserve", "/home/a/.local/state/padserve"],
    [
      "darwin",
      { HOME: "/Users/a" },
      "/Users/a/Library/Application Support/padserve",
      "/Users/a/Library/Application Support/padserve",
    ],
    ["win32", { APPDATA: "/r", LOCALAPPDATA: "/l" }, "/r/padserve", "/l/padserve"],
  ] as const)("CM-20 on %s with %j: settings in %s, state in %s", (platform, env, settings, state) => {
    expect(places(env, platform)).toEqual({ settings, state });
  });
});

describe("the last server and name", () => {
  test("CM-20 they are there the next time, in a file and folder for their owner only, and nothing lies beside it", () => {
    const here = scratch();
    expect(recall(here)).toEqual({ remembered: { server: null, id: null, visited: [] }, trouble: null });
    expect(remember(here, last)).toBeNull();
    expect(recall(here)).toEqual({ remembered: { ...last, visited: [last.server] }, trouble: null });
    expect(statSync(join(here.state, "client.json")).mode & 0o777).toBe(0o600);
    expect(statSync(here.state).mode & 0o777).toBe(0o700);
    expect(readdirSync(here.state)).toEqual(["client.json"]);
  });

  test("CM-20 a damaged file is told of, is no obstacle, and is written anew", () => {
    const here = scratch();
    remember(here, last);
    writeFileSync(join(here.state, "client.json"), '{"server": "ch');
    const { remembered, trouble } = recall(here);
    expect(remembered).toEqual({ server: null, id: null, visited: [] });
    expect(trouble).toContain("client.json is damaged");
    expect(remember(here, last)).toBeNull();
    expect(recall(here).remembered).toEqual({ ...last, visited: [last.server] });
  });

  test("CM-20 servers of former chats are remembered, the last one first, and not without end", () => {
    const here = scratch();
    for (let port = 1; port <= 40; port += 1) remember(here, { ...last, server: { host: "chat", port } });
    remember(here, { ...last, server: { host: "chat", port: 39 } });
    const { visited } = recall(here).remembered;
    expect(visited.slice(0, 3).map(({ port }) => port)).toEqual([39, 40, 38]);
    expect(visited).toHaveLength(32);
  });

  test("CM-20 nor does a file in the place of a folder stop anybody", () => {
    const here = scratch();
    const file = dirname(dirname(here.state));
    writeFileSync(join(file, "file"), "");
    expect(remember({ ...here, state: join(file, "file", "state") }, last)).toMatch(
      /client\.json can't be written: ENOTDIR$/,
    );
  });

  test("CM-20 where nothing can be written or read it is said in one line, and nothing is left", () => {
    const here = scratch();
    mkdirSync(join(here.state, "client.json"), { recursive: true });
    expect(remember(here, last)).toMatch(/^\S+client\.json can't be written: E[A-Z]+$/);
    expect(recall(here).trouble).toMatch(/^\S+client\.json can't be read: EISDIR$/);
    expect(readdirSync(here.state)).toEqual(["client.json"]);
  });

  test("CM-20 what others wrote there never throws", () => {
    expect(decodeRemembered('{"server":"chat:99999","id":"alice","more":1}')).toEqual({
      server: null,
      id: "alice",
      visited: [],
    });
    expect(decodeRemembered('{"server":7,"id":""}')).toBeNull();
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void decodeRemembered(text)));
  });

  test("CM-20 any address is read back as it was", () => {
    const hosts = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(hosts, fc.integer({ min: 1, max: 65_535 }), (host, port) => {
        const here = { server: { host, port }, id: "alice" };
        const text = JSON.stringify({
          server: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
          id: "alice",
        });
        expect(decodeRemembered(text)).toEqual({ ...here, visited: [here.server] });
      }),
    );
  });
});
