// @NAME@: keeps a message that its owner may change.
import { Event, Reader, Writer, caller, fail, input, key, loadBytes32, loadString, notPayable, put, require, ret, unknownMethod } from "ghost-contract/assembly";
import { ERROR_NotOwner, EVENT_Changed, METHOD_message, METHOD_set_message } from "./abi";

const MESSAGE_MAX = 280;

function keep(message: string): void {
  const encoded = new Writer().utf8(message);
  require(encoded.size <= MESSAGE_MAX, "at most 280 bytes");
  put(key("message"), encoded);
}

export function init(): void {
  notPayable();
  const args = input();
  put(key("owner"), new Writer().bytes32(caller()));
  keep(args.string());
  args.end();
}

function setMessage(args: Reader): void {
  const message = args.string();
  if (loadBytes32(key("owner")) != caller()) fail(new Writer().u32(ERROR_NotOwner));
  keep(message);
  new Event(EVENT_Changed).topic(caller()).emit(new Writer().string(message));
}

export function call(): void {
  notPayable();
  const args = input();
  if (args.isEmpty()) unknownMethod();
  const method = args.u32();
  if (method == METHOD_set_message) setMessage(args);
  else if (method == METHOD_message) ret(new Writer().string(loadString(key("message"))));
  else unknownMethod();
  args.end();
}
