"""The foundation of all other packages: time, tasks, logs, memory, child processes, proxies."""
