/**
 * How often and how long the provider dials. It waits 0.1 s, then half as much again each time, and counts attempts: six cover
 * about 2 s of a refused port, and a host that is silent is given up after 70 s. All hosts behind a bastion share its
 * `MaxStartups 10:30:100`, which drops connections at random, so more attempts there (12: about 20 s).
 */
export const DIAL = { seconds: 10, attempts: 6, attemptsThroughBastion: 12 } as const;
