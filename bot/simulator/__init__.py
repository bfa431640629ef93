"""Discord, simulated: REST, gateway and CDN over sockets, for the demo and the tests."""
