/**
 * The environment of members that are near each other. A lock that is renewed every 400 ms has at least 1.2 s left
 * when the leader of etcd dies (docs/spec/ha.md); another one is elected within 250 to 500 ms, so that a vote that
 * is split, and one more, leave time for the renewal. etcd's own default is 1 to 2 s.
 */
export const etcdElections = {
  ETCD_HEARTBEAT_INTERVAL: "25",
  ETCD_ELECTION_TIMEOUT: "250",
  // A member that comes back deposes nobody. The default since 3.5; as an option, 3.3 would refuse to start.
  ETCD_PRE_VOTE: "true",
};
