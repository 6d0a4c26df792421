export {
  FakeHook,
  type FakeOptions,
  type FakeUnits,
  startFake,
  unitsOf,
} from "../../protocols/elementary/fake.ts";
