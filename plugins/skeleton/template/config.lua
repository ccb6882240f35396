-- For `sluice serve --config config.lua`, which ./try does.

Plugin "@NAME@" {
	file = "build/@NAME@.so",  -- from this file's folder
	-- limit = 1000000,  -- the plugin's own: sums beyond it are refused
	-- concurrency = 8, queue = 1000, timeout = "30s",  -- the server's, with their defaults
}
