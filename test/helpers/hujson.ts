/** Reads HuJSON, as Tailscale's policies are written in: JSON with comments and with commas behind the last (github.com/tailscale/hujson). */
export function parseHuJson(text: string): unknown {
  const bare = text.replaceAll(/"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (found) =>
    found.startsWith('"') ? found : "",
  );
  return JSON.parse(
    bare.replaceAll(/"(?:[^"\\]|\\.)*"|,(?=\s*[\]}])/g, (found) => (found.startsWith('"') ? found : "")),
  );
}
