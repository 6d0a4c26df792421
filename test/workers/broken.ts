// A child for process.test.ts that cannot start.
throw new Error("no such library");
