# install.cmake: installs what names the places of other files: units, settings, the log's rotation.
# In the tree they have those of the prefix /usr; here they get those of CMAKE_INSTALL_PREFIX, which
# may be given as late as `cmake --install --prefix`. SOURCE is the top of the tree and WORK a folder
# to write to. Under /usr the settings are in /etc; a file of theirs that is there is left alone,
# as the administrator's.
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(etc /etc)
else()
  set(etc ${CMAKE_INSTALL_PREFIX}/etc)
endif()

# place(FILE FOLDER NAME): installs the file, its places put right.
function(place file folder name)
  file(READ ${SOURCE}/${file} text)
  string(REPLACE "/usr/" "${CMAKE_INSTALL_PREFIX}/" text "${text}")
  string(REPLACE "/etc/policyd/" "${etc}/policyd/" text "${text}")
  file(WRITE ${WORK}/${name} "${text}")
  file(INSTALL ${WORK}/${name} DESTINATION ${folder}
       PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endfunction()

function(place_once file folder name)
  if(EXISTS $ENV{DESTDIR}${folder}/${name})
    message(STATUS "Kept: ${folder}/${name}")
  else()
    place(${file} ${folder} ${name})
  endif()
endfunction()

foreach(unit policyd.service policyd.socket policyd-metrics.service policyd-metrics.timer)
  place(examples/systemd/${unit} ${CMAKE_INSTALL_PREFIX}/lib/systemd/system ${unit})
endforeach()
place_once(policyd/package/relay.rules ${etc}/policyd relay.rules)
place_once(policyd/package/policyd.conf ${etc}/policyd policyd.conf)
if(EXISTS ${SOURCE}/examples/policyd.logrotate)
  place_once(examples/policyd.logrotate ${etc}/logrotate.d policyd)
endif()
