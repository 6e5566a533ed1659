import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defaultDataFolder, readConfig } from "./config.ts";

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "padserve-config-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function file(content: string): string {
  const path = join(folder, "padserve.json");
  writeFileSync(path, content);
  return path;
}

function families(given: object): unknown {
  const read = readConfig(given, {}, "linux");
  return "config" in read && read.config.families;
}

describe("configuration", () => {
  test("CF-5 options win over the environment, it over the file, the file over the defaults", () => {
    const config = file(JSON.stringify({ port: 1, "message-rate": 2, operator: ["carol"], "max-line": 2048 }));
    const env = { PADSERVE_PORT: "3", PADSERVE_MESSAGE_RATE: "4", PADSERVE_CONFIG: config };
    const read = readConfig({ port: 5 }, env, "linux");
    expect(read).toMatchObject({
      config: { port: 5, messageRate: 4, operators: ["carol"], maxLine: 2048, maxConnections: 10_000 },
    });
  });

  test("CF-5 the file can be named by option or environment", () => {
    const config = file('{"port": 77}');
    expect(readConfig({ config }, {}, "linux")).toMatchObject({ config: { port: 77 } });
    expect(readConfig({}, { PADSERVE_CONFIG: config }, "linux")).toMatchObject({ config: { port: 77 } });
  });

  test("CF-6 the defaults are those that --help tells", () => {
    expect(readConfig({}, { HOME: "/home/a" }, "linux")).toEqual({
      config: {
        port: 12345,
        families: { ipv4: true, ipv6: true },
        listen: [],
        data: "/home/a/.local/state/padserve",
        operators: [],
        capability: "padserve.dev/cap/chat",
        trustLocal: false,
        tailscaleSocket: null,
        aliases: [],
        messageRate: 20,
        maxLine: 65536,
        maxConnections: 10_000,
        maxPerIdentity: 64,
        maxLocalNames: 64,
        maxQueue: 1_048_576,
        registerTimeout: 10_000,
        scrollback: 20,
        deviceUnseenDays: 60,
        messageDays: 30,
        messageCount: 10_000,
        messageBytes: 268_435_456,
        groupsPerPerson: 200,
        commitDays: 90,
        noClassic: false,
        logLevel: "info",
        logFormat: null,
      },
    });
  });

  test.each([
    ["a key that is none", () => readConfig({ config: file('{"prot": 1}') }, {}), "prot"],
    ["a value of the wrong kind", () => readConfig({ config: file('{"port": "many"}') }, {}), '"port" in'],
    ["a file that is no JSON", () => readConfig({ config: file("port = 1") }, {}), "padserve.json"],
    ["a file that isn't there", () => readConfig({ config: join(folder, "none.json") }, {}), "none.json"],
    ["a file that is a list", () => readConfig({ config: file("[1]") }, {}), "JSON object"],
    [
      "a file that names a file",
      () => readConfig({ config: file('{"config": "x"}') }, {}),
      "another configuration file",
    ],
    ["a variable that is none", () => readConfig({}, { PADSERVE_PROT: "1" }), "PADSERVE_PROT"],
    ["a variable with a wrong value", () => readConfig({}, { PADSERVE_IPV4: "perhaps" }), "PADSERVE_IPV4"],
    ["an address that is none", () => readConfig({ listen: ["chat"] }, {}), "--listen"],
    ["all addresses at once", () => readConfig({ listen: ["0.0.0.0"] }, {}), "--listen"],
    ["all IPv6 addresses at once", () => readConfig({ listen: ["0:0::0"] }, {}), "--listen"],
  ])("CF-7 %s is named and refused", (_what, read, words) => {
    const result = read();
    expect(result).toHaveProperty("wrong");
    expect("wrong" in result && result.wrong).toContain(words);
  });

  test("CF-30 how long and how many sealed messages wait can be chosen, and commits wait no shorter than they", () => {
    expect(readConfig({ "message-days": 120, "message-count": 500 }, {})).toMatchObject({
      config: { messageDays: 120, messageCount: 500, commitDays: 120 },
    });
    expect(readConfig({ "message-mib": 2, "groups-per-person": 3 }, {})).toMatchObject({
      config: { messageBytes: 2_097_152, groupsPerPerson: 3 },
    });
    expect(readConfig({ "commit-days": 10 }, {})).toMatchObject({ config: { messageDays: 30, commitDays: 30 } });
  });

  test("CF-8 one family can be chosen, and both", () => {
    expect(families({ ipv4: true })).toEqual({ ipv4: true, ipv6: false });
    expect(families({ ipv6: true })).toEqual({ ipv4: false, ipv6: true });
    expect(families({ ipv4: true, ipv6: true })).toEqual({ ipv4: true, ipv6: true });
  });

  test.each(["::", "::ffff:0.0.0.0", "::FFFF:0:0", "0:0:0:0:0:ffff:0.0.0.0", "0:0:0:0:0:ffff:0:0", "::%lo"])(
    "CF-7 all addresses at once, written %s, is refused",
    (address) => expect(readConfig({ listen: [address] }, {})).toHaveProperty("wrong"),
  );

  test("CF-7 an address that is none of these is taken, an IPv4 one in IPv6's clothes as what it is", () => {
    const read = readConfig({ listen: ["192.0.2.1", "::ffff:192.0.2.2", "::1", "fd00::1"] }, {});
    expect(read).toMatchObject({ config: { listen: ["192.0.2.1", "192.0.2.2", "::1", "fd00::1"] } });
  });

  test("CF-11 what Kubernetes sets for a service called padserve is no option; what is like it and isn't is refused", () => {
    const kubernetes = {
      PADSERVE_SERVICE_HOST: "10.96.0.7",
      PADSERVE_SERVICE_PORT: "12345",
      PADSERVE_SERVICE_PORT_CHAT: "12345",
      PADSERVE_PORT: "tcp://10.96.0.7:12345",
      PADSERVE_PORT_12345_TCP: "tcp://10.96.0.7:12345",
      PADSERVE_PORT_12345_TCP_PROTO: "tcp",
      PADSERVE_PORT_12345_TCP_PORT: "12345",
      PADSERVE_PORT_12345_TCP_ADDR: "10.96.0.7",
    };
    expect(readConfig({}, { ...kubernetes, PADSERVE_ALIAS: "pad" })).toMatchObject({
      config: { port: 12345, aliases: ["pad"] },
    });
    expect(readConfig({}, { PADSERVE_PORT: "4000" })).toMatchObject({ config: { port: 4000 } });
    for (const variable of ["PADSERVE_SERVICE", "PADSERVE_SERVICE_HOSTS", "PADSERVE_PORTS", "PADSERVE_PORT_1"]) {
      expect(readConfig({}, { [variable]: "1" })).toHaveProperty("wrong");
    }
  });

  test("CF-12 a configuration file may begin with a byte-order mark", () => {
    expect(readConfig({ config: file('\uFEFF{"port": 4000}') }, {})).toMatchObject({ config: { port: 4000 } });
  });

  test("CF-14 a name is the same with the dot of the root behind it", () => {
    expect(readConfig({ alias: ["pad.example.com."] }, {})).toMatchObject({ config: { aliases: ["pad.example.com"] } });
  });

  test("CF-9 the data folder is the platform's own place for state", () => {
    expect(defaultDataFolder({ HOME: "/home/a", XDG_STATE_HOME: "/state" }, "linux")).toBe("/state/padserve");
    expect(defaultDataFolder({ HOME: "/Users/a" }, "darwin")).toBe("/Users/a/Library/Application Support/padserve");
    expect(defaultDataFolder({ HOME: "/h", LOCALAPPDATA: "/local" }, "win32")).toBe("/local/padserve");
  });
});
