import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Daemon } from "./daemon.ts";
import type { Host } from "./network.ts";
import { toolPath } from "./tools.ts";

/** A tailnet's policy, as headscale reads it (Tailscale, "Grants"). */
export interface Policy {
  readonly grants: readonly Grant[];
  readonly tagOwners?: Readonly<Record<string, readonly string[]>>;
  readonly groups?: Readonly<Record<string, readonly string[]>>;
}

export interface Grant {
  readonly src: readonly string[];
  readonly dst: readonly string[];
  readonly ip?: readonly string[];
  readonly app?: Readonly<Record<string, readonly unknown[]>>;
}

/** Whose a node is to be. */
export type Owner = { readonly user: string } | { readonly tags: readonly string[] };

/** The tailnet's control server, with the relay (DERP) that its nodes need to be Running at all. */
export interface Headscale {
  readonly url: string;
  /** A key with which one node can log in. */
  authKey(owner: Owner): Promise<string>;
  /** Replaces the policy. Rejects with headscale's words when it won't have it. */
  setPolicy(policy: Policy | string): Promise<void>;
  /** `headscale …`, for a node by its number. */
  nodes(command: string, id: number, ...words: readonly string[]): Promise<void>;
}

export const DOMAIN = "tail.test";

export async function startHeadscale(host: Host): Promise<Headscale> {
  const file = join(host.folder, "config.yaml");
  const socket = join(host.folder, "headscale.sock");
  const url = `http://${host.address}:8080`;
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(configuration(host, url, socket)));
  const program = toolPath("headscale", "headscale");
  const log = join(host.folder, "log");
  await new Daemon({ words: [...host.through, program, "-c", file, "serve"], log, socket }).start();
  const users = new Map<string, Promise<string>>();

  async function ask(...words: readonly string[]): Promise<string> {
    return (await promisify(execFile)(program, ["-c", file, "-o", "json", ...words])).stdout;
  }

  async function createUser(user: string): Promise<string> {
    // With an address, that is the login; without one it would be the bare name.
    const { id }: { id: number } = JSON.parse(await ask("users", "create", user, "--email", `${user}@example.com`));
    return String(id);
  }

  async function userId(user: string): Promise<string> {
    const known = users.get(user) ?? createUser(user);
    users.set(user, known);
    return known;
  }

  return {
    url,
    async authKey(owner) {
      const whose = "user" in owner ? ["--user", await userId(owner.user)] : ["--tags", owner.tags.join(",")];
      // A node that was not answered in time asks once more with the same key.
      const { key }: { key: string } = JSON.parse(await ask("preauthkeys", "create", "--reusable", ...whose));
      return key;
    },
    async setPolicy(policy) {
      const source = join(host.folder, "policy.json");
      writeFileSync(source, typeof policy === "string" ? policy : JSON.stringify(policy));
      await ask("policy", "set", "--file", source);
    },
    async nodes(command, id, ...words) {
      await ask("nodes", command, "--force", "--identifier", String(id), ...words);
    },
  };
}

function configuration({ folder, address }: Host, url: string, socket: string) {
  return {
    server_url: url,
    listen_addr: "0.0.0.0:8080",
    metrics_listen_addr: "127.0.0.1:9090",
    grpc_listen_addr: "127.0.0.1:50443",
    unix_socket: socket,
    unix_socket_permission: "0700",
    noise: { private_key_path: join(folder, "noise.key") },
    database: { type: "sqlite", sqlite: { path: join(folder, "db.sqlite") } },
    prefixes: { v4: "100.64.0.0/10", v6: "fd7a:115c:a1e0::/48", allocation: "sequential" },
    // Kept by headscale itself, so that setting it says whether it is taken; a file would be read later, on a signal.
    policy: { mode: "database" },
    dns: { magic_dns: true, base_domain: DOMAIN, override_local_dns: false, nameservers: { global: [] } },
    derp: {
      server: {
        enabled: true,
        region_id: 999,
        region_code: "test",
        region_name: "Test",
        verify_clients: true,
        stun_listen_addr: "0.0.0.0:3478",
        private_key_path: join(folder, "derp.key"),
        automatically_add_embedded_derp_region: true,
        ipv4: address,
      },
      // Nothing is fetched from outside.
      urls: [],
      paths: [],
      auto_update_enabled: false,
    },
    disable_check_updates: true,
    logtail: { enabled: false },
    // Made for thousands of nodes, headscale collects changes for half a second; a test would wait for each.
    tuning: { node_store_batch_size: 1, batch_change_delay: "10ms" },
  };
}
