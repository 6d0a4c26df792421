/** What an executable file says of the system and the processor that it is for. */
export interface ExecutableFormat {
  readonly format: "elf" | "mach-o" | "pe";
  /** As Node names processors (`process.arch`); undefined for others than these two. */
  readonly arch: "x64" | "arm64" | undefined;
}

/**
 * Reads the head of a 64-bit executable: ELF (System V ABI, `e_machine`), Mach-O (`mach_header_64`) or PE (Microsoft's PE/COFF
 * format, PE32+). Throws an Error for a file that is none of them, or no program that can be started.
 */
export function executableFormat(file: Buffer): ExecutableFormat {
  if (file.length < 64) throw new Error(`no executable: ${file.length} bytes`);
  if (file.readUInt32BE(0) === 0x7f454c46) return elf(file);
  if (file.readUInt32LE(0) === 0xfeedfacf) return machO(file);
  if (file.toString("latin1", 0, 2) === "MZ") return pe(file);
  throw new Error(`no executable: it begins with ${file.toString("hex", 0, 4)}`);
}

function elf(file: Buffer): ExecutableFormat {
  const [elf64, littleEndian, executable, sharedObject] = [2, 1, 2, 3];
  const type = file.readUInt16LE(16);
  if (file[4] !== elf64 || file[5] !== littleEndian || (type !== executable && type !== sharedObject))
    throw new Error("no 64-bit ELF program");
  return { format: "elf", arch: archOf(file.readUInt16LE(18), { x64: 62, arm64: 183 }) };
}

function machO(file: Buffer): ExecutableFormat {
  const executable = 2;
  if (file.readUInt32LE(12) !== executable) throw new Error("no Mach-O program");
  return { format: "mach-o", arch: archOf(file.readUInt32LE(4), { x64: 0x0100_0007, arm64: 0x0100_000c }) };
}

function pe(file: Buffer): ExecutableFormat {
  const at = file.readUInt32LE(60);
  if (at + 26 > file.length || file.toString("latin1", at, at + 4) !== "PE\0\0") throw new Error("no PE program");
  const [executable, pe32Plus] = [2, 0x20b];
  if ((file.readUInt16LE(at + 22) & executable) === 0 || file.readUInt16LE(at + 24) !== pe32Plus)
    throw new Error("no 64-bit PE program");
  return { format: "pe", arch: archOf(file.readUInt16LE(at + 4), { x64: 0x8664, arm64: 0xaa64 }) };
}

function archOf(machine: number, known: { readonly x64: number; readonly arm64: number }) {
  if (machine === known.x64) return "x64";
  return machine === known.arm64 ? "arm64" : undefined;
}
