const { reporters, Runner } = require("mocha");

/**
 * Mocha's usual report, which also says why a test failed at once: a run that is ended before its suite is, or that takes an
 * hour, tells what is wrong.
 */
module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.on(Runner.constants.EVENT_TEST_FAIL, (_test, error) => {
      reporters.Base.consoleLog(`${error?.stack ?? error}\n`.replaceAll(/^/gm, "      "));
    });
  }
};
