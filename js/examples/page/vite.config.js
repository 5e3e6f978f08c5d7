export default {
  // The core is awaited at the top of its module: what runs it must be a module too.
  worker: { format: "es" },
  build: { target: "es2022", modulePreload: { polyfill: false } },
};
