// The official TypeScript client before the demo server; prints what it saw as one JSON object.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const [command, ...args] = process.argv.slice(2);
const client = new Client({ name: "typescript", version: "1.0.0" });
await client.connect(new StdioClientTransport({ command, args }));

// Once the tools are listed, the client checks every result against its output schema.
const { tools } = await client.listTools();
const call = async (name, args) => (await client.callTool({ name, arguments: args })).structuredContent;

const listed = await call("list_contacts", { page_size: 3 });
const found = await call("find_contact_by_phone", { phone_number: "+1 (415) 555-0102" });
const target = { contact_id: found.contact.id };
const asked = await call("delete_contact", target);
const deleted = await call("delete_contact", { ...target, confirmation_token: asked.confirmation_token });
// Past the first page, so that there is something to tell; numbers of nobody are decided at the end.
const contacts = [...Array(50).keys()].map((n) => `+141555501${String(n).padStart(2, "0")}`);
const strangers = [...Array(50).keys()].map((n) => `+1415555${String(n + 150).padStart(4, "0")}`);
const told = [];
const checked = await client.callTool(
  { name: "check_phone_numbers", arguments: { phone_numbers: [...contacts, ...strangers] } },
  undefined,
  { onprogress: (notification) => told.push(notification) },
);
const gone = await call("find_contact_by_phone", { phone_number: "+14155550102" });
await client.close();
console.log(JSON.stringify({
  withSchema: tools.filter((tool) => tool.outputSchema).map((tool) => tool.name),
  listed: listed.contacts.length,
  whatsapp: found.whatsapp,
  asked: asked.status,
  deleted: deleted.status,
  found: gone.found,
  checked: checked.structuredContent.counts,
  told,
}));
