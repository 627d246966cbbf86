// The counter of contracts/examples in AssemblyScript: same schema, same tests.
import { Event, Reader, Writer, caller, fail, input, key, loadBytes32, loadU64, notPayable, put, require, ret, unknownMethod } from "ghost-contract/assembly";
import { ERROR_NotOwner, EVENT_Incremented, METHOD_get, METHOD_increment, METHOD_owner, METHOD_reset } from "./abi";

export function init(): void {
  notPayable();
  const args = input();
  put(key("count"), new Writer().u64(args.u64()));
  put(key("owner"), new Writer().bytes32(caller()));
  args.end();
}

function increment(args: Reader): void {
  const by = args.u64();
  const count = loadU64(key("count"));
  require(by > 0, "nothing to add");
  require(count + by >= count, "the counter is full");
  put(key("count"), new Writer().u64(count + by));
  new Event(EVENT_Incremented).topic(caller()).emit(new Writer().u64(count + by));
  ret(new Writer().u64(count + by));
}

function reset(): void {
  if (loadBytes32(key("owner")) != caller()) fail(new Writer().u32(ERROR_NotOwner));
  put(key("count"), new Writer().u64(0));
}

export function call(): void {
  notPayable();
  const args = input();
  if (args.isEmpty()) unknownMethod();
  const method = args.u32();
  if (method == METHOD_increment) increment(args);
  else if (method == METHOD_reset) reset();
  else if (method == METHOD_get) ret(new Writer().u64(loadU64(key("count"))));
  else if (method == METHOD_owner) ret(new Writer().bytes32(loadBytes32(key("owner"))));
  else unknownMethod();
  args.end();
}
