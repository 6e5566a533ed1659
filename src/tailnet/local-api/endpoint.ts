/** Where a tailscaled can be asked. A Windows named pipe is a socket with a path of its own kind. */
export type Endpoint =
  | { readonly kind: "socket"; readonly path: string }
  /** A port on 127.0.0.1; `token` is its password. Never log it. */
  | { readonly kind: "loopback"; readonly port: number; readonly token: string };

/** Candidates in the order in which to try them. `path`, the administrator's own choice, leaves no other. */
export function findEndpoints(path: string | null): Promise<readonly Endpoint[]> {
  throw new Error(`not written yet: ${path}`);
}
