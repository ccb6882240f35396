-- expect: refused
-- message: contains :1:
-- generate: yes
return "#!/bin/sh\n"
