/** What a browser is shown at `/`: what this is, and how to join. It has no script, no form, and takes no keys. */
export function page(host: string, port: number, hasOpenRoom: boolean): string {
  const server = escaped(host);
  const address = port === 12345 ? server : `${server}:${port}`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Padserve on ${server}</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 2rem auto; padding: 0 1rem; }
pre { padding: .5rem 1rem; border: 1px solid; overflow-x: auto; }
</style>
<h1>Padserve on ${server}</h1>
<p>A chat server for this tailnet. There are no accounts: who you are is what Tailscale says.</p>
${hasOpenRoom ? withNothing(server, port) : ""}<h2>With its own client</h2>
<p>Conversations, history and search; it says who can read what you write:</p>
<pre>pad chat YourName ${address}</pre>
<p>It is in the package <code>padserve</code>; in a checkout of that, <code>npm run -s pad --</code> stands for <code>pad</code>.</p>
<p>This page takes no messages and no keys.</p>
</html>
`;
}

function withNothing(server: string, port: number): string {
  return `<h2>With nothing installed</h2>
<p>In a terminal, then press Enter; everybody who is connected reads what you write, and so can this server:</p>
<pre>nc ${server} ${port}</pre>
<p>To say one thing, or to listen:</p>
<pre>curl -d "backup done" http://${server}:${port}/ALL
curl -N http://${server}:${port}/ALL</pre>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
