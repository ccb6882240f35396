-- Bytecode where source belongs.
-- expect: refused
-- message: contains attempt to load a binary chunk
-- generate: yes
return string.dump(function() end)
