-- The settings of `sluice serve --config config.lua`, with their defaults. All may be left out.
--
-- This file is Lua, without its libraries: `local` variables and arithmetic work, nothing else does.
-- Flags and SLUICE_… environment variables win over it; `sluice config` shows what is in force and why.
-- Sizes and times are numbers in the unit named, or texts with a unit: "64K", "1M", "2s", "7d".

Logger {
	level = "info",     -- "debug", "info", "warn", "error" or "off"
	fancy = true,       -- colours, on a terminal
	timestamp = false,
}

-- Where invocations are kept: one of Sqlite, Mongodb and Nulldb.
Sqlite {
	-- path = "sluice.db",  -- from this file's folder; by default in the data folder (--data)
	durability = "full",    -- "normal" is faster, and may lose the last moments when the power fails
}
-- Mongodb { url = "mongodb://localhost/sluice", port = 27017, lease = "15s" }
-- Nulldb {}  -- memory: nothing outlives the process

-- Seals the bytecode in the store. With Sqlite and Nulldb leave it out: the server makes its own, code.key beside the database.
-- Store { key_file = "/etc/sluice/store.key" }  -- or key = "64 hexadecimal digits": openssl rand -hex 32

-- The queue of a fleet (`sluice api`, `sluice runner`). That of `sluice serve` lives in the process.
-- Redis { url = "redis://localhost", prefix = "sluice" }

Api {
	listen = "127.0.0.1:8080",  -- port 0: any free one
	body_limit = "1M",
	connections = 10000,
	connections_per_ip = 5000,  -- one client address (IPv6: a /64); 0: as many as there are
	header_timeout = "10s",     -- for a request's headers to come in
	body_timeout = "1m",        -- for its body, after them
	idle_timeout = "75s",       -- for the next request
	timeout = "1m",             -- of actions that name none
	max_timeout = "10m",        -- the highest an action may name
	maxmem = "128M",            -- of actions that name none; as a number in KB
	max_maxmem = "512M",
	block = "result",           -- a blocking run answers with the result; "durable": once it is on the disk
	resolve_wait = "1500ms",    -- how long GET /invocation/:id waits
	max_wait = "5m",            -- the longest ?wait=
}

Runner {
	-- workers = 2,             -- processes that run Lua; by default one for each core
	-- name = "…",            -- of this runner, for people; by default its host's
	prefetch = 256,             -- quick jobs that a runner of a fleet takes ahead, at most
	grace = "10s",              -- for running jobs when the server is stopped
	retention = "7d",           -- of finished invocations
	snapshot_cache = "64M",     -- in each worker
	queue_capacity = 100000,
}

-- Plugins: shared libraries that actions reach by call("name", "action", payload). Each is told what else stands in its block;
-- these four keys are the server's. A relative `file` is looked for beside this file, then among the plugins that are installed.
-- Plugin "skeleton" {
-- 	file = "skeleton.so",  -- by default the plugin's name and ".so"
-- 	concurrency = 8,       -- calls under way at a time, each on a thread
-- 	queue = 1000,          -- calls that may wait for their turn
-- 	timeout = "30s",       -- of a call, waiting included
-- }
