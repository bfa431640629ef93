"""What every part stands on: time, tasks, logs, memory, child processes, proxies."""
