LuaS
