// The official TypeScript clients before a server over HTTP; prints what was seen as one JSON object.
// 1.x speaks the handshake era and has no form here; 2.x speaks 2026-07-28 and ticks the box of one.
const [era, address, token] = process.argv.slice(2);
const forms = [];

async function packageOf(era) {
  if (era === "2026-07-28") return import("@modelcontextprotocol/client");
  const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
  return { Client, ...(await import("@modelcontextprotocol/sdk/client/streamableHttp.js")) };
}

const { Client, StreamableHTTPClientTransport } = await packageOf(era);

async function connected(bearer) {
  const modern = era === "2026-07-28";
  const client = new Client(
    { name: "typescript", version: "1.0.0" },
    modern ? { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode: "auto" } } : {},
  );
  if (modern) {
    client.setRequestHandler("elicitation/create", (request) => {
      forms.push(request.params.message);
      return { action: "accept", content: { confirm: true } };
    });
  }
  const requestInit = { headers: { Authorization: `Bearer ${bearer}` } };
  const transport = new StreamableHTTPClientTransport(new URL(address), { requestInit });
  await client.connect(transport);
  return { client, version: client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion };
}

async function refusal(bearer) {
  try {
    await connected(bearer);
    return "was let in";
  } catch (error) {
    return `${error.code} ${error.message}`;
  }
}

const { client, version } = await connected(token);
// Once the tools are listed, the client checks every result against its output schema.
const { tools } = await client.listTools();
const call = async (name, args) => (await client.callTool({ name, arguments: args })).structuredContent;

const found = await call("find_contact_by_phone", { phone_number: "+1 (415) 555-0102" });
const target = { contact_id: found.contact.id };
const first = await call("delete_contact", target);
const confirmation_token = first.confirmation_token;
const last = confirmation_token ? await call("delete_contact", { ...target, confirmation_token }) : first;
// Past the first page, so that there is something to tell; numbers of nobody are decided at the end.
const contacts = [...Array(50).keys()].map((n) => `+141555501${String(n).padStart(2, "0")}`);
const strangers = [...Array(50).keys()].map((n) => `+1415555${String(n + 150).padStart(4, "0")}`);
const request = { name: "check_phone_numbers", arguments: { phone_numbers: [...contacts, ...strangers] } };
const told = [];
const options = { onprogress: (notification) => told.push(notification.progress) };
const checked = era === "2026-07-28"
  ? await client.callTool(request, options)
  : await client.callTool(request, undefined, options);
const gone = await call("find_contact_by_phone", { phone_number: "+14155550102" });
await client.close();
console.log(JSON.stringify({
  version,
  tools: tools.filter((tool) => tool.outputSchema).length,
  whatsapp: found.whatsapp,
  asked: first.status,
  forms: forms.length,
  question: forms[0] ?? first.question,
  deleted: last.status,
  found: gone.found,
  checked: checked.structuredContent.counts.input,
  told,
  refused: await refusal("a-token-that-nobody-was-given"),
}));
