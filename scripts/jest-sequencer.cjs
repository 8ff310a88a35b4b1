/**
 * The longest tests first, so that no core waits at the end for one that began last. Jest knows the times
 * of former runs; a fresh clone has none.
 */
const { default: Sequencer } = require('@jest/test-sequencer');

const longest = ['processes/kill.test', 'cli/operator', 'kill-delivery'];

const rankOf = ({ path }) => {
  const rank = longest.findIndex((part) => path.includes(part));
  return rank === -1 ? longest.length : rank;
};

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    return super.sort(tests).sort((one, other) => rankOf(one) - rankOf(other));
  }
};
